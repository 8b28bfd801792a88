(** * What the checker accepts is true *)
From Coq Require Import Reals Lra Lia Psatz ZArith QArith Qreals Qabs List Bool.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors Amplitude Symmetric Eigenvector Theorem1 Polynomial Intervals Spectrum Checker.
Import ListNotations.
Open Scope R_scope.

Lemma first_false_cons c b l : first_false ((c, b) :: l) = accepted -> b = true /\ first_false l = accepted.
Proof. destruct b; cbn [first_false]; [auto|discriminate]. Qed.

Lemma minus_one_power k : (-1) ^ k = if Nat.odd k then -1 else 1.
Proof.
  induction k as [|k IH]; [reflexivity|]. rewrite Nat.odd_succ, <- Nat.negb_odd. cbn [pow]. rewrite IH.
  destruct (Nat.odd k); simpl; lra.
Qed.

Lemma half_sum a b : Q2R (Qred ((a + b) * (1 # 2))) = (Q2R a + Q2R b) / 2.
Proof. rewrite Q2R_Qred, Q2R_mult, Q2R_plus. unfold Q2R at 3. simpl. field. Qed.

(** From w, which is near a multiple of v, to the amplitude of v, its sign, and the entries of the limit. *)
Lemma settle n (A : matrix) (v w y : vector) lambda c theta side T (positive turned : R) :
  symmetric n A -> dot n v v = 1 -> same n (apply n A v) (scale lambda v) -> (side = 1 \/ side = -1) ->
  (forall z, dot n v z = 0 -> side * c * dot n z z <= side * form n A z) -> 0 < side * (c - theta) ->
  (positive = 1 \/ positive = -1) -> 0 <= T ->
  let delta := norm n (combination 1 (apply n A w) (- theta) w) / (side * (c - theta)) in
  delta * norm n y + T * norm n w < positive * dot n w y ->
  exists s, s * s = 1 /\ 0 < norm n w /\ T < Rabs (dot n (scale s v) y) /\ sign (dot n (scale s v) y) = positive /\
    forall i, (i < n)%nat -> Rabs (w i - norm n w * scale s v i) <= delta + delta * delta / norm n w.
Proof.
  intros HA U E Hside Gap Sep Hpos HT delta Hy.
  (* the sign that makes <v, w> non-negative *)
  set (s := if Rle_dec 0 (dot n v w) then 1 else -1).
  assert (Ss : s * s = 1) by (unfold s; destruct (Rle_dec 0 (dot n v w)); ring).
  set (v' := scale s v).
  assert (U' : dot n v' v' = 1) by (unfold v'; rewrite dot_scale_l, dot_scale_r, U; lra).
  assert (E' : same n (apply n A v') (scale lambda v')).
  { intros i Hi. unfold v'. rewrite apply_scale, (E i Hi). unfold scale. ring. }
  assert (Gap' : forall z, dot n v' z = 0 -> side * c * dot n z z <= side * form n A z).
  { intros z Hz. apply Gap. unfold v' in Hz. rewrite dot_scale_l in Hz.
    destruct (Rmult_integral _ _ Hz) as [Z|Z]; [rewrite Z in Ss; lra|exact Z]. }
  assert (Ha : 0 <= dot n v' w).
  { unfold v', s. rewrite dot_scale_l. destruct (Rle_dec 0 (dot n v w)); lra. }
  assert (D0 : 0 <= delta) by (unfold delta; apply Rdiv_le_0_compat; [apply norm_nonneg|exact Sep]).
  assert (Ny := norm_nonneg n y). assert (Nw := norm_nonneg n w).
  assert (Close := projection_close n A v' w lambda c theta HA U' E' side Hside Gap' Sep y). fold delta in Close.
  assert (Most := projection_at_most n v' w U'). rewrite Rabs_pos_eq in Most by exact Ha.
  set (a := dot n v' w) in *. set (t := dot n v' y) in *.
  assert (Hw : 0 < norm n w).
  { destruct Nw as [Nw|Nw]; [exact Nw|exfalso].
    assert (Z : dot n w y = 0) by (apply dot_zero_l; exact (norm_zero_same n w (eq_sym Nw))).
    assert (0 <= delta * norm n y) by (apply Rmult_le_pos; lra). rewrite Z, <- Nw in Hy.
    destruct Hpos as [-> | ->]; lra. }
  apply Rabs_le_between in Close.
  (* a t has the sign of <w, y>, and exceeds T |w| *)
  assert (Amplitude : T * norm n w < positive * (a * t)) by (destruct Hpos as [-> | ->]; lra).
  assert (TW : T * a <= T * norm n w) by (apply Rmult_le_compat_l; lra).
  assert (Ha' : 0 < a).
  { destruct Ha as [Ha|Ha]; [exact Ha|exfalso]. rewrite <- Ha in *.
    assert (0 <= T * norm n w) by (apply Rmult_le_pos; lra). lra. }
  assert (Main : T < positive * t) by (apply Rmult_lt_reg_l with a; lra).
  exists s. split; [exact Ss|]. split; [exact Hw|]. fold v'. fold t. split; [|split].
  - destruct Hpos as [-> | ->].
    + rewrite Rabs_pos_eq; lra.
    + rewrite Rabs_left; lra.
  - destruct Hpos as [-> | ->].
    + apply sign_eq_1. lra.
    + apply sign_eq_m1. lra.
  - intros i Hi. apply (entry_close n A v' w lambda c theta HA U' E' side Hside Gap' Sep i Hi); [exact Ha|exact Hw].
Qed.

(** ** The soundness theorem *)
Theorem accepted_is_true P C W : verdict P C W = accepted -> limit_statement P (large C) (limit_ C).
Proof.
  unfold verdict, claims. cbv zeta.
  set (n := dimension P). set (bits := precision W).
  set (p := expand (minimizer P) (loss P)). set (g := gradients n p). set (A := hessian_entries n g).
  set (X := trajectory_i P W g A (step_ C)).
  set (w := rationals_i bits (eigenvector_ C)).
  set (R_ := norm_i bits n X). set (K := constant_i P W g R_).
  intros Hv.
  destruct (forallb (vanishes_at_zero n) g && forallb (degree_at_most (largest_degree g)) g) eqn:Hgradient;
    cbn [negb] in Hv; [|discriminate].
  apply first_false_cons in Hv; destruct Hv as [_ Hv].
  apply first_false_cons in Hv; destruct Hv as [Heta Hv].
  apply first_false_cons in Hv; destruct Hv as [Hsymmetric Hv].
  apply first_false_cons in Hv; destruct Hv as [Hbasis Hv].
  apply first_false_cons in Hv; destruct Hv as [Hlowest Hv].
  apply first_false_cons in Hv; destruct Hv as [Hhighest Hv].
  apply first_false_cons in Hv; destruct Hv as [Hsimple Hv].
  apply first_false_cons in Hv; destruct Hv as [Hregime Hv].
  apply first_false_cons in Hv; destruct Hv as [Hsigma Hv].
  apply first_false_cons in Hv; destruct Hv as [Hx Hv].
  apply first_false_cons in Hv; destruct Hv as [Hamplitude Hv].
  do 4 (apply first_false_cons in Hv; destruct Hv as [_ Hv]).
  apply first_false_cons in Hv; destruct Hv as [Hlimit _].
  rewrite ?andb_true_iff in *.
  destruct Hgradient as [Hvanish Hdegree].
  apply less_q_sound in Heta. rewrite Q2R_0 in Heta.
  set (f := value (loss P)). set (m := vector_of (minimizer P)). set (eta := Q2R (step_size P)) in *.
  set (H := hessian f m). set (h := fun k => difference (gradient_descent f eta (vector_of (start P)) k) m).
  assert (Entry : forall i j, (i < n)%nat -> (j < n)%nat -> Q2R (entry A i j) = H i j)
    by (intros; apply (entry_value P); assumption).
  assert (HA : symmetric n H).
  { intros i j Hi Hj. rewrite <- !Entry by assumption. apply Qeq_eqR, Qeq_bool_eq.
    assert (S := forallb_seq _ n i Hsymmetric Hi). exact (forallb_seq _ n j S Hj). }
  assert (One := integer_encloses bits 1).
  assert (Apply : forall Y y, encloses_vector Y y -> encloses_vector (apply_i P W A Y) (apply n H y))
    by (intros; apply (apply_encloses P W); assumption).
  (* the ends of the spectrum *)
  destruct Hbasis as [[[[Hform Hunit] Hunit0] Hform0] Hunit1].
  apply le_q_sound in Hunit0, Hform0. apply less_q_sound in Hunit1. rewrite Q2R_0 in *. rewrite Q2R_1 in Hunit1.
  assert (FormError : forall x, Rabs (form n H x - weighted n (real_pairs (pairs W)) x) <= Q2R (form_slack W) * dot n x x).
  { intros x. rewrite <- form_squares, form_difference. eapply Rle_trans; [apply form_entry_sum|].
    apply Rmult_le_compat_r; [apply dot_self_nonneg|].
    assert (D := distance_encloses P W (entry A) H true (pairs W) Entry).
    left. exact (less_sound _ _ _ _ _ D (rational_encloses bits _) Hform). }
  assert (UnitError : forall x, Rabs (dot n x x - weighted n (unweighted (real_pairs (pairs W))) x) <= Q2R (unit_slack W) * dot n x x).
  { intros x. set (Id := (fun i j => if Nat.eqb i j then 1 else 0) : matrix).
    assert (E : dot n x x = form n Id x).
    { unfold form. apply dot_same; [intros i _; reflexivity|]. intros i Hi. unfold apply, Id. rewrite dot_unit by exact Hi. ring. }
    rewrite E at 1. rewrite <- form_squares, form_difference. eapply Rle_trans; [apply form_entry_sum|].
    apply Rmult_le_compat_r; [apply dot_self_nonneg|].
    assert (D := distance_encloses P W delta_q Id false (pairs W)).
    left. refine (less_sound _ _ _ _ _ (D _) (rational_encloses bits _) Hunit).
    intros i j _ _. unfold delta_q, Id. destruct (Nat.eqb i j); [apply Q2R_1|apply Q2R_0]. }
  destruct Hlowest as [[Habove Hlo] Hfirst]. destruct Hhighest as [Hbelow Hlast].
  destruct Hsimple as [[[[[Habove1 Hbelown] Hc1] Hcn] Hdistinct] Hseparation].
  apply less_q_sound in Hlo, Hc1, Hcn, Hdistinct, Hseparation. rewrite Q2R_0 in *.
  assert (Eu1 := rationals_vector W (snd (first_pair W))). assert (Eun := rationals_vector W (snd (last_pair W))).
  fold bits in Eu1, Eun.
  assert (First := less_sound _ _ _ _ _ (dot_encloses bits n _ _ _ _ Eu1 (Apply _ _ Eu1))
                     (times_encloses bits _ _ _ _ (rational_encloses bits _) (dot_encloses bits n _ _ _ _ Eu1 Eu1)) Hfirst).
  assert (Last := less_sound _ _ _ _ _ (times_encloses bits _ _ _ _ (rational_encloses bits _) (dot_encloses bits n _ _ _ _ Eun Eun))
                     (dot_encloses bits n _ _ _ _ Eun (Apply _ _ Eun)) Hlast).
  apply (above_sound W) in Habove, Habove1. apply (below_sound W) in Hbelow, Hbelown.
  rewrite real_pairs_split in FormError, UnitError, Habove, Hbelow.
  assert (Split1 : real_pairs (middle_pairs W ++ [last_pair W])
                   = real_pairs (middle_pairs W) ++ [(Q2R (fst (last_pair W)), vector_of (snd (last_pair W)))]).
  { unfold real_pairs. rewrite map_app. destruct (last_pair W). reflexivity. }
  assert (Splitn : real_pairs (first_pair W :: middle_pairs W)
                   = (Q2R (fst (first_pair W)), vector_of (snd (first_pair W))) :: real_pairs (middle_pairs W)).
  { unfold real_pairs. destruct (first_pair W). reflexivity. }
  rewrite Split1 in Habove1. rewrite Splitn in Hbelown.
  destruct (ends_exist n H _ _ _ _ _ (Q2R (form_slack W)) (Q2R (unit_slack W)) (Q2R (lo_1 C W)) (Q2R (hi_1 C W)) (Q2R (c_1 C W))
              (Q2R (lo_n C W)) (Q2R (hi_n C W)) (Q2R (c_n C W)) HA FormError UnitError)
    as (lambda_1 & v_1 & lambda_n & v_n & Ends & L1 & Ln); auto; try lra.
  (* the numbers at the step of the inequality *)
  set (y := h (step_ C)). set (r := norm n y).
  assert (Xy : encloses_vector X y) by (apply (trajectory_encloses P W); assumption).
  assert (Rr : encloses R_ r) by (apply norm_encloses; exact Xy).
  set (k := constant P r).
  assert (Kk : encloses K k) by (apply (constant_encloses P W); exact Rr).
  assert (Hr : 0 <= r) by apply norm_nonneg.
  assert (Hk : 0 <= k) by (apply (constant_nonneg P); [fold eta; lra|exact Hr]).
  assert (Remainder : forall j, norm n (h j) <= r ->
            norm n (fun i => - eta * (partial f i (gradient_descent f eta (vector_of (start P)) j) - apply n H (h j) i))
            <= k * norm n (h j) ^ 2).
  { intros j Hj. apply (remainder_along P W); auto. fold eta. lra. }
  set (rho := if large C then eta * lambda_n - 1 else 1 - eta * lambda_1).
  assert (Rho : encloses (rho_i P C W) rho).
  { unfold rho_i, rho. fold bits. destruct (large C).
    - apply hull_encloses with (a := Q2R (step_size P * lo_n C W - 1)) (b := Q2R (step_size P * hi_n C W - 1));
        try apply rational_encloses.
      rewrite !Q2R_minus, !Q2R_mult, Q2R_1. fold eta.
      assert (eta * Q2R (lo_n C W) <= eta * lambda_n) by (apply Rmult_le_compat_l; lra).
      assert (eta * lambda_n <= eta * Q2R (hi_n C W)) by (apply Rmult_le_compat_l; lra). lra.
    - apply hull_encloses with (a := Q2R (1 - step_size P * hi_1 C W)) (b := Q2R (1 - step_size P * lo_1 C W));
        try apply rational_encloses.
      rewrite !Q2R_minus, !Q2R_mult, Q2R_1. fold eta.
      assert (eta * Q2R (lo_1 C W) <= eta * lambda_1) by (apply Rmult_le_compat_l; lra).
      assert (eta * lambda_1 <= eta * Q2R (hi_1 C W)) by (apply Rmult_le_compat_l; lra). lra. }
  set (rho_ := rho_i P C W) in *.
  set (sigma_ := plus_i bits rho_ (times_i bits K R_)) in *.
  assert (Sigma : encloses sigma_ (sigma_of rho k r)) by (unfold sigma_, sigma_of; auto with encloses).
  set (x_ := over_i bits (times_i bits K R_) (times_i bits rho_ (minus_i bits (integer_i bits 1) sigma_))) in *.
  assert (Xx : encloses x_ (x_of rho k r)) by (unfold x_, x_of; auto 7 with encloses).
  set (P_ := plus_i bits (plus_i bits (integer_i bits 1) x_) (power_i bits x_ 2)) in *.
  assert (Pp : encloses P_ (P_of rho k r)) by (unfold P_, P_of; auto with encloses).
  set (T_ := over_i bits (times_i bits (times_i bits K (power_i bits P_ 2)) (power_i bits R_ 2))
                    (times_i bits rho_ (minus_i bits (integer_i bits 1) rho_))) in *.
  assert (Tt : encloses T_ (tail rho k r)) by (unfold T_, tail; auto 8 with encloses).
  assert (SigmaOne := less_sound _ _ _ _ _ Sigma One Hsigma).
  assert (XOne := less_sound _ _ _ _ _ Xx One Hx).
  (* the regime *)
  assert (Regime : if large C then 2 < eta * (lambda_1 + lambda_n) /\ eta * lambda_n < 2 else eta * (lambda_1 + lambda_n) < 2).
  { assert (Two : Q2R 2 = 2) by (unfold Q2R; simpl; field).
    destruct (large C).
    - apply andb_true_iff in Hregime. destruct Hregime as [R1 R2]. apply less_q_sound in R1, R2.
      rewrite Two, Q2R_mult in *. rewrite Q2R_plus in R1. fold eta in R1, R2.
      assert (eta * (Q2R (lo_1 C W) + Q2R (lo_n C W)) <= eta * (lambda_1 + lambda_n)) by (apply Rmult_le_compat_l; lra).
      assert (eta * lambda_n <= eta * Q2R (hi_n C W)) by (apply Rmult_le_compat_l; lra). lra.
    - apply less_q_sound in Hregime. rewrite Two, Q2R_mult, Q2R_plus in Hregime. fold eta in Hregime.
      assert (eta * (lambda_1 + lambda_n) <= eta * (Q2R (hi_1 C W) + Q2R (hi_n C W))) by (apply Rmult_le_compat_l; lra). lra. }
  assert (RhoBetween : 0 < rho < 1).
  { assert (0 <= k * r) by (apply Rmult_le_pos; assumption). unfold sigma_of in SigmaOne. split; [|lra].
    assert (lambda_1 < lambda_n) by lra.
    assert (eta * lambda_1 < eta * lambda_n) by (apply Rmult_lt_compat_l; lra).
    unfold rho in *. destruct (large C); lra. }
  assert (TailPositive : 0 <= tail rho k r).
  { unfold tail. apply Rdiv_le_0_compat; [|apply Rmult_lt_0_compat; lra].
    apply Rmult_le_pos; [apply Rmult_le_pos; [exact Hk|apply pow2_ge_0]|apply pow2_ge_0]. }
  (* the eigenvector and the amplitude *)
  set (wv := vector_of (eigenvector_ C)).
  assert (Ww : encloses_vector w wv) by apply (rationals_vector W).
  set (th := Q2R (theta C)).
  set (side := if large C then -1 else 1).
  set (c := if large C then Q2R (c_n C W) else Q2R (c_1 C W)).
  assert (Separation : Q2R (separation C W) = side * (c - th)).
  { unfold separation, side, c, th. destruct (large C); rewrite Q2R_Qred, Q2R_minus; ring. }
  set (residual := map (fun i => plus_i bits (times_i bits (integer_i bits 1) (nth i (apply_i P W A w) I.nai))
                                   (times_i bits (rational_i bits (- theta C)) (nth i w I.nai))) (seq 0 n)) in *.
  assert (Residual : encloses_vector residual (combination 1 (apply n H wv) (- th) wv)).
  { apply encloses_map. intros i Hi. unfold combination. apply plus_encloses.
    - apply times_encloses; [exact One|apply Apply, Ww].
    - apply times_encloses; [|apply Ww]. unfold th. rewrite <- Q2R_opp. apply rational_encloses. }
  set (delta_ := over_i bits (norm_i bits n residual) (rational_i bits (separation C W))) in *.
  set (delta := norm n (combination 1 (apply n H wv) (- th) wv) / (side * (c - th))).
  assert (Delta : encloses delta_ delta).
  { unfold delta_, delta. apply over_encloses; [apply norm_encloses, Residual|]. rewrite <- Separation. apply rational_encloses. }
  assert (Size : encloses (norm_i bits n w) (norm n wv)) by (apply norm_encloses, Ww).
  set (along := dot_i bits n w X) in *.
  assert (Along : encloses along (dot n wv y)) by (apply dot_encloses; assumption).
  set (positive := if positive_i along then 1 else -1).
  assert (Signed : encloses (if positive_i along then along else minus_i bits (integer_i bits 0) along) (positive * dot n wv y)).
  { unfold positive. destruct (positive_i along).
    - rewrite Rmult_1_l. exact Along.
    - replace (-1 * dot n wv y) with (0 - dot n wv y) by ring. apply minus_encloses; [apply (integer_encloses bits 0)|exact Along]. }
  assert (Amplitude : delta * norm n y + tail rho k r * norm n wv < positive * dot n wv y).
  { apply (less_sound _ _ _ _ _ (plus_encloses bits _ _ _ _ (times_encloses bits _ _ _ _ Delta Rr)
             (times_encloses bits _ _ _ _ Tt Size)) Signed Hamplitude). }
  set (error_ := plus_i bits delta_ (over_i bits (times_i bits delta_ delta_) (norm_i bits n w))) in *.
  assert (Error : encloses error_ (delta + delta * delta / norm n wv)) by (unfold error_; auto with encloses).
  set (sign_q := if xorb (negb (positive_i along)) (large C && Nat.odd (step_ C)) then (-1)%Q else 1%Q) in *.
  assert (SignQ : Q2R sign_q = turn (large C) (step_ C) * positive).
  { unfold sign_q, turn, positive. rewrite minus_one_power.
    destruct (positive_i along), (large C), (Nat.odd (step_ C)); simpl xorb; cbn iota; rewrite ?Q2R_1, ?Q2R_minus_one; ring. }
  assert (PositiveSign : positive = 1 \/ positive = -1) by (unfold positive; destruct (positive_i along); auto).
  assert (SideSign : side = 1 \/ side = -1) by (unfold side; destruct (large C); auto).
  set (v := if large C then v_n else v_1). set (lambda := if large C then lambda_n else lambda_1).
  destruct (settle n H v wv y lambda c th side (tail rho k r) positive 1) as (s & Ss & Wpos & Tail & Sign & Near); auto.
  { unfold v. destruct (large C); [apply (highest_unit _ _ _ _ _ _ _ _ Ends)|apply (lowest_unit _ _ _ _ _ _ _ _ Ends)]. }
  { unfold v, lambda. destruct (large C);
      [apply (highest_eigenvector _ _ _ _ _ _ _ _ Ends)|apply (lowest_eigenvector _ _ _ _ _ _ _ _ Ends)]. }
  { intros z Hz. unfold side, c, v in *. destruct (large C).
    - assert (G := highest_gap _ _ _ _ _ _ _ _ Ends z Hz). lra.
    - assert (G := lowest_gap _ _ _ _ _ _ _ _ Ends z Hz). lra. }
  { rewrite <- Separation. exact Hseparation. }
  (* the limit, in its intervals *)
  set (e := turn (large C) (step_ C) * sign (dot n (scale s v) y)).
  assert (Ee : e = Q2R sign_q) by (unfold e; rewrite SignQ, Sign; reflexivity).
  assert (Ee1 : e = 1 \/ e = -1).
  { unfold e. rewrite Sign. unfold turn. rewrite minus_one_power.
    destruct (large C), (Nat.odd (step_ C)), PositiveSign as [-> | ->]; lra. }
  assert (Within : within n (limit_ C) (scale e (scale s v))).
  { intros i Hi. assert (B := forallb_seq _ n i Hlimit Hi). cbv beta zeta in B. apply andb_true_iff in B. destruct B as [B1 B2].
    assert (Center : encloses (times_i bits (rational_i bits sign_q) (nth i w I.nai)) (e * wv i)).
    { rewrite Ee. apply times_encloses; [apply rational_encloses|apply Ww]. }
    assert (N := Near i Hi). fold delta in N. apply Rabs_le_between in N.
    assert (B1' := less_sound _ _ _ _ _ (times_encloses bits _ _ _ _ (rational_encloses bits _) Size)
                     (minus_encloses bits _ _ _ _ Center Error) B1).
    assert (B2' := less_sound _ _ _ _ _ (plus_encloses bits _ _ _ _ Center Error)
                     (times_encloses bits _ _ _ _ (rational_encloses bits _) Size) B2).
    unfold scale in N |- *.
    split; apply Rmult_le_reg_r with (norm n wv); try exact Wpos; destruct Ee1 as [E1 | E1]; rewrite E1 in *; lra. }
  split; [intros i Hi; apply (critical P W); assumption|]. split; [exact Heta|].
  unfold v in *. clear Hregime Hlimit Hamplitude. destruct (large C) eqn:Large.
  - destruct Regime as [R1 R2].
    exists lambda_1, (Q2R (c_1 C W)), (scale 1 (scale 1 v_1)), lambda_n, (Q2R (c_n C W)), (scale e (scale s v_n)), (step_ C).
    assert (Ends' := simple_ends_signs _ _ _ _ _ _ _ _ 1 s ltac:(ring) Ss Ends).
    split; [|split; [exact R1|split; [exact R2|split; [|exact Within]]]].
    + assert (Ee2 : e * e = 1) by (destruct Ee1 as [-> | ->]; ring).
      exact (simple_ends_signs _ _ _ _ _ _ _ _ 1 e ltac:(ring) Ee2 Ends').
    + exact (large_step n H lambda_1 _ _ lambda_n _ _ eta Ends' Heta f m (vector_of (start P)) k r (step_ C) Hk (Rle_refl _)
               Remainder R1 R2 SigmaOne (Rlt_le _ _ XOne) Tail).
  - exists lambda_1, (Q2R (c_1 C W)), (scale e (scale s v_1)), lambda_n, (Q2R (c_n C W)), (scale 1 (scale 1 v_n)), (step_ C).
    assert (Ends' := simple_ends_signs _ _ _ _ _ _ _ _ s 1 Ss ltac:(ring) Ends).
    split; [|split; [exact Regime|split; [|exact Within]]].
    + assert (Ee2 : e * e = 1) by (destruct Ee1 as [-> | ->]; ring).
      exact (simple_ends_signs _ _ _ _ _ _ _ _ e 1 Ee2 ltac:(ring) Ends').
    + assert (S := small_step n H lambda_1 _ _ lambda_n _ _ eta Ends' Heta f m (vector_of (start P)) k r (step_ C) Hk (Rle_refl _)
               Remainder Regime SigmaOne (Rlt_le _ _ XOne) Tail).
      assert (Eone : e = sign (dot n (scale s v_1) y)) by (unfold e, turn; ring).
      rewrite Eone. exact S.
Qed.
